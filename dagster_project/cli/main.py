"""`kpi`: the command line. Commands are imported only when they are called, so that `kpi check` stays light.

Exit codes: 0 fine (warnings and marks are printed) · 1 nothing published, generated files stale, or a value
test failed · 2 wrong usage or definitions · 3 marks under --strict.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from dagster_project import __version__
from dagster_project.errors import DefinitionError, ShirubeError

COMMANDS = {
    "check": "dagster_project.cli.check:check",
    "compile": "dagster_project.cli.compile:compile_",
    "test": "dagster_project.cli.test:test_",
    "diff": "dagster_project.cli.diff:diff",
    "run": "dagster_project.cli.run:run",
    "backfill": "dagster_project.cli.backfill:backfill",
    "status": "dagster_project.cli.status:status",
    "plan": "dagster_project.cli.plan:plan",
    "query": "dagster_project.cli.query:query",
    "rows": "dagster_project.cli.rows:rows",
    "prune": "dagster_project.cli.prune:prune",
    "repair": "dagster_project.cli.repair:repair",
    "review": "dagster_project.cli.review:review",
    "explain": "dagster_project.cli.explain:explain",
    "explain-gap": "dagster_project.cli.explain_gap:explain_gap",
    "new": "dagster_project.cli.new:new",
    "whatif": "dagster_project.cli.whatif:whatif",
    "backtest": "dagster_project.cli.backtest:backtest",
    "sample": "dagster_project.cli.sample:sample",
    "source": "dagster_project.cli.source:source",
}
WITHOUT_PROJECT = ("sample", "source")
# Objects that may be made before Python looks for garbage among them. By default it looks every 700, and goes
# over all that Dagster and dbt have loaded again and again: a tenth of a night, for hardly any garbage. Where
# it hardly ever looks, a night takes 30 MB more.
BETWEEN_COLLECTIONS = 1_000_000


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and takes --project and --data in any place."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from dagster_project.kpi.issues import suggest

            hint = suggest(args[0], COMMANDS) or f"known: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command '{args[0]}'; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        leading, rest = _shared_options(args)
        ctx.meta["wants_help"] = "--help" in rest
        return super().parse_args(ctx, leading + rest)


def _shared_options(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """`args` parted into --project/--data with their values, wherever they stand, and all the others."""
    shared: list[str] = []
    rest: list[str] = []
    waiting = list(args)
    while waiting:
        argument = waiting.pop(0)
        name, equals, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *waiting]
            break
        if name not in ("--project", "--data"):
            rest.append(argument)
        elif equals or not waiting:
            shared.append(argument)
        else:
            shared += [argument, waiting.pop(0)]
    return shared, rest


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["--help", "-h"]})
@click.option(
    "--project", metavar="DIR", help="The company's folder; default: KPI_PROJECT_DIR, else this one."
)
@click.option(
    "--data", metavar="DIR", help="Where the raw exports lie; default: KPI_DATA_DIR, else project.yml."
)
@click.version_option(__version__, prog_name="kpi")
@click.pass_context
def cli(ctx: click.Context, project: str | None, data: str | None) -> None:
    """KPI definitions and goal trees in YAML → daily KPI tables, attainment and an honest forecast.

    --project and --data may stand before or after the command.
    """
    ctx.meta["project"], ctx.meta["data"] = project, data
    if ctx.invoked_subcommand not in WITHOUT_PROJECT and not ctx.meta["wants_help"]:
        from dagster_project.project import find_project

        ctx.obj = find_project(project, data)


def main() -> None:
    """Entry point: errors meant for a person are printed as such, with their exit code."""
    gc.set_threshold(BETWEEN_COLLECTIONS)
    # Python looks through all of it several times as it ends: a sixth of a night without data, for memory
    # that the system takes back anyway. Not before: who runs several commands needs their garbage collected.
    atexit.register(gc.freeze)
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except DefinitionError as error:
        for issue in error.issues:
            click.echo(str(issue), err=True)
        click.echo(f"{len(error.issues)} to mend in the definitions; nothing was run.", err=True)
        sys.exit(error.exit_code)
    except ShirubeError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
