"""An action that has something to say, in the worker that runs it."""

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        Display().warning("an action warns")
        Display().deprecated("an old action", version="99.0", collection_name="ansible.builtin")
        result["said"] = "it"
        return result
