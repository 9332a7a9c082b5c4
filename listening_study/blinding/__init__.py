"""The audit of a study's blinding: does anything but the music reveal the source of a clip?"""
