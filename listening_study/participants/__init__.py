"""The participants' page: an app that shows one screen at a time."""
