"""`premises bench decode`: what decoding costs, format by format."""

import json

import click


@click.command("decode")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def command(*, as_json: bool) -> None:
    """Measure what decoding a typical message of each format costs, in processor time of this process.

    The reference is `json.loads` of the same bytes. Our goal is 15 µs for one device's JSON, 40 µs for the heaviest.
    """
    from premises.bench.decode import measure  # noqa: PLC0415 - keeps `--help` quick

    result = measure()
    click.echo(json.dumps(result.as_json()) if as_json else result.text())
