"""The fast chain in torch: Malvar's demosaic as one convolution, eager and compiled; kornia's bilinear, eager.

A worker's child (see `worker.py`), so that torch may live in an environment of its own:
torch_fast.py THREADS GIVEN.pickle
"""

import pickle
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _served import serve

MALVAR = {
    "green": [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]],
    "opposite": [[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0]],
    "along_row": [[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]],
    "along_col": [[0, 0, -1, 0, 0], [0, -1, 4, -1, 0], [0.5, 0, 5, 0, 0.5], [0, -1, 4, -1, 0], [0, 0, -1, 0, 0]],
}
# What each site of RGGB takes for red, green and blue: 0 the sample itself, then the filters above.
SITES = (((0, 1, 2), (3, 0, 4)), ((4, 0, 3), (2, 1, 0)))


def balanced(mosaic: torch.Tensor, gains: torch.Tensor, black: float, white: float) -> torch.Tensor:
    return torch.clamp((mosaic.float() - black) * (gains / (white - black)), max=1)


def malvar(light: torch.Tensor, filters: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """(rows, cols) to (3, rows, cols)."""
    seen = torch.nn.functional.pad(light[None, None], (2, 2, 2, 2), mode="reflect")
    found = torch.cat((light[None], torch.nn.functional.conv2d(seen, filters)[0]))
    return torch.gather(found, 0, chosen)


def finished(rgb: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Matrix, sRGB curve, RGB8 (rows, cols, 3)."""
    mixed = torch.einsum("ij,jrc->rci", matrix, rgb).clamp(0, 1)
    code = torch.where(mixed <= 0.0031308, mixed * 12.92, 1.055 * mixed ** (1 / 2.4) - 0.055)
    return (code * 255 + 0.5).to(torch.uint8)


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_grad_enabled(False)
    given = pickle.loads(Path(sys.argv[2]).read_bytes())
    mosaic = torch.from_numpy(given["mosaic"].astype(np.int32))
    black, white = given["black"], given["white"]
    rows, cols = mosaic.shape
    red, green, blue = map(float, given["gains"])
    gains = torch.tensor([[red, green], [green, blue]]).tile(rows // 2, cols // 2)
    matrix = torch.from_numpy(given["matrix"].astype(np.float32))
    filters = torch.tensor(list(MALVAR.values()))[:, None] / 8
    chosen = torch.tensor(SITES).permute(2, 0, 1).tile(1, rows // 2, cols // 2)

    def chain(mosaic: torch.Tensor) -> torch.Tensor:
        return finished(malvar(balanced(mosaic, gains, black, white), filters, chosen), matrix)

    calls: dict[str, Any] = {"eager": partial(chain, mosaic), "compiled": partial(torch.compile(chain), mosaic)}
    version = f"torch {torch.__version__}"
    try:
        import kornia
    except ImportError:
        pass
    else:
        version += f", kornia {kornia.__version__}"

        def by_kornia() -> torch.Tensor:
            light = balanced(mosaic, gains, black, white)
            # Named as OpenCV names it: BG is everybody else's RGGB.
            return finished(kornia.color.raw_to_rgb(light[None], kornia.color.CFA.BG), matrix)

        calls["kornia"] = by_kornia
    serve(version, calls)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
