"""`kpi new`: definitions written from templates."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "kpi": "dagster_project.cli.new_kpi:kpi",
    "goal": "dagster_project.cli.new_goal:goal",
}


class NewGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=NewGroup)
def new() -> None:
    """Write a new definition, to be made your own."""
