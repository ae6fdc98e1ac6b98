"""The command ``symbiosekart``. Imports no Streamlit: ``serve`` starts it as a process of its own."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from dashboard.text import LANGUAGES, use_language
from dashboard.text import gettext as _

APP = Path(__file__).with_name("app.py")
UNUSABLE = 2
"""Exit code where the input cannot be used; 1 says that the work was done and faults were found."""


def main() -> None:
    """Run the command line; what cannot be done is told in a sentence, never as a traceback."""
    from dashboard.messages import describe_error
    from geodata.errors import SymbiosekartError

    use_language(_asked_language(sys.argv[1:]))
    try:
        build_app()()
    except SymbiosekartError as error:
        _complain(*describe_error(error, _))
    except OSError as error:
        name = Path(error.filename).name if isinstance(error.filename, str) else ""
        reason = error.strerror or type(error).__name__
        _complain(_("The file or folder {name} cannot be used: {reason}.").format(name=name, reason=reason))


def build_app() -> typer.Typer:
    """Return the commands, their help in the language chosen by then."""
    from dashboard.commands.analyse import analyse
    from dashboard.commands.boundaries import boundaries
    from dashboard.commands.check import check
    from dashboard.commands.codes import build_codes_app
    from dashboard.commands.distances import distances
    from dashboard.commands.fetch import build_fetch_app
    from dashboard.commands.fill import fill
    from dashboard.commands.geocode import geocode
    from dashboard.commands.municipalities import municipalities
    from dashboard.commands.plan import plan
    from dashboard.commands.roads import build_roads_app
    from dashboard.commands.transfers import transfers
    from dashboard.commands.uses import uses

    app = typer.Typer(
        name="symbiosekart",
        help=_("Map of circular resources: matches, clusters and distances by road."),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
    )
    app.callback()(_choose)
    app.command(help=_("Serve the dashboard in the browser."))(serve)
    app.command(help=_("Find matches and clusters and write them with their sources."))(analyse)
    app.command(help=_("The best plan: which tonnes go where, with proof and prices."))(plan)
    app.command(help=_("Check files before they are used: every fault with row, column and advice."))(check)
    app.command(help=_("Distances by road between all places of a list."))(distances)
    app.command(help=_("Points for a list of addresses, each with its grade and radius."))(geocode)
    app.command(help=_("Tables with municipality numbers of any year since 2017, joined to today's."))(
        municipalities
    )
    app.command(help=_("Official boundaries beside the embedded polygons, area by area."))(boundaries)
    app.command(help=_("Fill a region's map with companies from the business register."))(fill)
    app.command(help=_("Streams held beside the waste transfers that large facilities report (EEA)."))(
        transfers
    )
    app.command(help=_("Which industries may receive a stream, with reasons and precedents."))(uses)
    app.add_typer(
        build_codes_app(), name="codes", help=_("Waste codes (EAL) from own words, and what they are.")
    )
    app.add_typer(
        build_fetch_app(), name="fetch", help=_("Fetch official data: business register, addresses, SSB …")
    )
    app.add_typer(build_roads_app(), name="roads", help=_("Road networks of whole countries, by vehicle."))
    app.command(help=_("Where the data come from, and their licences."))(sources)
    return app


def _asked_language(arguments: list[str]) -> str:
    """Return the language asked for, before the arguments are parsed: their help is already in it."""
    for position, text in enumerate(arguments):
        name, _equals, value = text.partition("=")
        if name == "--lang":
            return value or (arguments[position + 1] if position + 1 < len(arguments) else "")
    return ""


def _choose(
    lang: Annotated[str, typer.Option("--lang", help=_("Language: nb, nn or en."))] = "nb",
    version_asked: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help=_("Show the version."))
    ] = False,
) -> None:
    if lang not in LANGUAGES:
        raise typer.BadParameter(_("Choose nb, nn or en."), param_hint="--lang")
    use_language(lang)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"symbiosekart {app_version()}")
        raise typer.Exit


def app_version() -> str:
    """Return the installed version, ``"0"`` where it is run without being installed."""
    try:
        return version("symbiosekart")
    except PackageNotFoundError:
        return "0"


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help=_("Port to listen on."))] = 8501,
    host: Annotated[str, typer.Option(help=_("Address to listen on; 0.0.0.0 for all."))] = "127.0.0.1",
    networks: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help=_("Folder of road networks (.roads) that can be chosen.")
        ),
    ] = None,
) -> None:
    """Serve the dashboard until it is stopped."""
    if networks is not None:
        os.environ["SYMBIOSEKART_NETWORKS"] = str(networks.resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    command += [f"--server.port={port}", f"--server.address={host}", "--server.headless=true"]
    # What is meant for those who write the app is kept from those who use it.
    command += ["--client.toolbarMode=viewer", "--server.fileWatcherType=none", "--logger.level=warning"]
    command += ["--client.showErrorDetails=none", "--browser.gatherUsageStats=false"]
    typer.echo(
        _("Symbiosekart is served at {address} (stop with Ctrl+C)").format(address=f"http://{host}:{port}")
    )
    # Replacing this process leaves one to stop: a signal to `symbiosekart serve` reaches the server itself.
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606  (our own interpreter and script)


def sources() -> None:
    """Tell where the data come from, and their licences."""
    from loaders.embedded import read_sources

    for record in read_sources():
        typer.echo(f"{record['part']}: {record['attribution_text']} ({record['licence']})")


def _complain(what: str, advice: str = "") -> None:
    typer.echo(_("Error: {text}").format(text=what), err=True)
    if advice:
        typer.echo(advice, err=True)
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
