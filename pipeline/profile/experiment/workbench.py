"""Points made ready and timed: frames, devices and plans are kept from one observation to the next."""

from __future__ import annotations

import dataclasses
import gc
from collections import OrderedDict
from typing import Any

from tenbit.pipeline import foreseen
from tenbit.pipeline.batch.budget import default_bytes
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import CpuDevice, Device, Said, choose
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.resolve import with_optics
from tenbit.pipeline.profile.experiment import quality
from tenbit.pipeline.profile.experiment.axes import one_line, with_values
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Line
from tenbit.pipeline.profile.experiment.points import Point
from tenbit.pipeline.profile.frames import sample
from tenbit.pipeline.profile.measure import Bench
from tenbit.pipeline.raw import read
from tenbit.pipeline.run import bytes_needed

# Devices keep buffers, and a plan some hundred KiB.
_MOST_DEVICES, _MOST_BENCHES = 4, 256


class Workbench:
    """What times the points of an experiment in this process.

    Parameters
    ----------
    experiment : Experiment
    threads : int, optional
        Of the CPU where a point does not say it; by default as many as there are cores.
    said : callable, optional
        Told of compiles that take seconds.
    most_bytes : int, optional
        Of frames that are kept, though one always is; by default a quarter of the machine's memory.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        threads: int | None = None,
        said: Said | None = None,
        most_bytes: int | None = None,
    ) -> None:
        self.experiment, self._threads, self._said = experiment, threads, said
        self._most_bytes = most_bytes or default_bytes()
        self._frames: OrderedDict[tuple[Any, ...], Frame] = OrderedDict()
        self._devices: OrderedDict[tuple[Any, ...], Device] = OrderedDict()
        self._benches: OrderedDict[str, tuple[tuple[Any, ...], Bench]] = OrderedDict()
        self._checked: dict[tuple[Any, ...], str] = {}
        self._qualities: dict[str, dict[str, float]] = {}

    def first(self, point: Point) -> Line:
        """A point's facts; its picture is held against the reference, and its first frame done.

        Raises
        ------
        TenbitError
            If the point cannot work.
        """
        bench = self._bench(point)
        first = bench.first(said=self._said)
        facts, device = bench.frame.facts, bench.device
        passes = bench.plan.passes_for(device.target)
        line: Line = {
            "kind": "first",
            "point": point.key,
            "values": dict(point.values),
            "first_s": first.frame_s,
            "compiled": first.compiled,
            "device": device.name,
            "threads": getattr(device, "threads", None),
            "schedule": schedule.as_record() if (schedule := getattr(device, "schedule", None)) else None,
            "rows": facts.rows,
            "cols": facts.cols,
            "passes": [[step.name for step in work.steps] for work in passes],
            "planned_bytes": bytes_needed(bench.plan, bench.frame, device.target),
            "checked": self._held(point, bench),
            "notes": [],
        }
        if self.experiment.quality:
            try:
                line["quality"] = self._quality(point)
            except Exception as error:
                line["quality"] = None
                line["notes"].append(f"quality: {one_line(error)}")
        return line

    def timed(self, point: Point) -> Line:
        """One observation; a frame that is not counted goes before it, so that caches and buffers are this point's."""
        bench = self._bench(point)
        bench.developed(said=self._said)
        once = bench.once()
        return {
            "kind": "timed",
            "point": point.key,
            "frame_s": once.frame.wall_s,
            "cpu_s": once.frame.cpu_s if bench.device.target == "cpu" else None,
            "passes_s": [each.wall_s for each in once.passes],
        }

    def end_round(self) -> None:
        """Collect garbage, which nobody does while points are timed."""
        gc.collect()

    def _bench(self, point: Point) -> Bench:
        if point.key in self._benches:
            self._benches.move_to_end(point.key)
            of_frame, bench = self._benches[point.key]
            self._frames.move_to_end(of_frame)
            return bench
        values = dict(point.values)
        chain = self._chain(values)
        device = self._device(values)
        of_frame, frame = self._frame(values)
        if "files" in values:
            frame = with_optics(frame, chain)
        name = values.get("files", values.get("sample"))
        bench = Bench(chain, frame, device, frame_name=str(name), fuse=values["fuse"])
        self._benches[point.key] = of_frame, bench
        while len(self._benches) > _MOST_BENCHES:
            self._benches.popitem(last=False)
        return bench

    def _chain(self, values: dict[str, Any]) -> Chain:
        chain = with_values(self.experiment.chains[values["chain"]], values)
        return foreseen.settled(chain, foreseen.likely_format(chain))

    def _frame(self, values: dict[str, Any]) -> tuple[tuple[Any, ...], Frame]:
        key = tuple(values.get(name) for name in ("files", "sample", "cfa", "bits", "packed", "iso"))
        if key not in self._frames:
            self._frames[key] = self._made(values)
        self._frames.move_to_end(key)
        while len(self._frames) > 1 and sum(each.samples.nbytes for each in self._frames.values()) > self._most_bytes:
            gone, _ = self._frames.popitem(last=False)
            for point in [point for point, (of_frame, _) in self._benches.items() if of_frame == gone]:
                del self._benches[point]
        return key, self._frames[key]

    def _made(self, values: dict[str, Any]) -> Frame:
        if "files" in values:
            beside = self.experiment.folder / values["files"]
            return read(beside if beside.exists() else values["files"], keep_packed=True)
        return sample(
            values["sample"],
            cfa=values["cfa"],
            bits=values["bits"],
            is_packed=values["packed"],
            iso=values["iso"],
        ).frame

    def _device(self, values: dict[str, Any]) -> Device:
        device, _ = choose(values["device"])
        threads = values["threads"]
        sizes = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("schedule.")}
        if device.target != "cpu":
            if threads is not None or sizes:
                raise RequestError(f"threads and schedule are the CPU's, not of {device.name}: exclude such points")
            return device
        threads = threads or self._threads
        if threads is None and not sizes:
            return device
        key = (threads, *sorted(sizes.items()))
        if key not in self._devices:
            made = CpuDevice(threads)
            self._devices[key] = made.scheduled(dataclasses.replace(made.schedule, **sizes))
        self._devices.move_to_end(key)
        while len(self._devices) > _MOST_DEVICES:
            _, old = self._devices.popitem(last=False)
            for point in [point for point, (_, bench) in self._benches.items() if bench.device is old]:
                del self._benches[point]
        return self._devices[key]

    def _held(self, point: Point, bench: Bench) -> str:
        """How near the picture is to its reference; of points with the same chain and kind of frame, once."""
        values = {name: value for name, value in point.values.items() if not name.startswith("schedule.")}
        key = tuple((name, repr(value)) for name, value in values.items() if name not in ("sample", "threads"))
        if key not in self._checked:
            self._checked[key] = bench.check()
        return self._checked[key]

    def _quality(self, point: Point) -> dict[str, float]:
        values = dict(point.values)
        links = quality.cut(self._chain(values))
        frame = {"cfa": values["cfa"], "bits": values["bits"], "is_packed": values["packed"], "iso": values["iso"]}
        key = repr((links, frame))
        if key not in self._qualities:
            self._qualities[key] = quality.of_links(links, said=self._said, **frame)._asdict()
        return self._qualities[key]
