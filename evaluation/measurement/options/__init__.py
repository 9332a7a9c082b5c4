"""What a command line says of the files of a system: where they are, which training made them, and where their prompts
end.
"""
