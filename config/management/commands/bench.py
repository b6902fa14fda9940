"""Measures a workload and its limit or peer in one run, and prints the ratios."""

import json
from importlib import import_module
from typing import Any

from django.core.management import BaseCommand, CommandParser

from config.bench import BENCHES
from config.bench.harness import Comparison, Report


class Command(BaseCommand):
    help = "Run a bench: " + ", ".join(BENCHES)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(BENCHES))
        parser.add_argument(
            "parts", nargs="*", help="parts of a bench that has some, such as community checkins"
        )
        parser.add_argument(
            "--quick", action="store_true", help="small and short: does it run, not how fast is it"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        say = (lambda _words: None) if options["json"] else self.stderr.write
        parts = {"parts": options["parts"]} if options["parts"] else {}
        report: Report = import_module(BENCHES[options["name"]]).run(quick=options["quick"], say=say, **parts)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
            return
        self.stdout.write(
            json.dumps({"machine": report.machine, "parameters": report.parameters}, ensure_ascii=False)
        )
        for comparison in report.comparisons:
            self._print(comparison)
        for target in report.targets:
            value = report.value(target)
            verdict = "not measured" if value is None else "met" if value <= target.limit else "MISSED"
            self.stdout.write(
                f"{verdict:>12}  {target.case}: {target.variant} {target.measure} {value} (at most {target.limit})"
            )

    def _print(self, comparison: Comparison) -> None:
        self.stdout.write(f"\n{comparison.case}")
        for name, f in comparison.figures.items():
            cpu = "n/a" if f.cpu_us is None else f"{f.cpu_us:.0f}"
            ratios = "  ".join(f"{what} {ratio}" for what, ratio in comparison.ratios.get(name, {}).items())
            self.stdout.write(
                f"  {name:<14}{f.per_second:8.0f}/s  cpu {cpu:>7} µs  p50 {f.p50_ms:8.3f} ms  p99 {f.p99_ms:8.3f} ms"
                f"  spread {f.spread:5.2f}" + (f"  × {ratios}" if ratios else "")
            )
