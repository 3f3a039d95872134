def register(plugin):
    pass
