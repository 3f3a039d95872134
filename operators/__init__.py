"""What a person clicks or calls."""


def register(plugin):
    pass
