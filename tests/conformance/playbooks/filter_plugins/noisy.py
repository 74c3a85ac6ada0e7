"""A filter that has something to say."""

from ansible.utils.display import Display


def noisy(value):
    Display().warning("a filter warns about %s" % value)
    return value


class FilterModule:
    def filters(self):
        return {"noisy": noisy}
