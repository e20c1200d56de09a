# Needs only make and Python 3.11 to 3.13 with venv. PYTHON=python3.12 picks another one.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# What the demo's lens does wrong, and the same numbers given to the stage that undoes it. The simulated scene is
# exposed to the brim, so it is developed as bright as it is.
FAULTS := even k=-0.06,0.01,0 red_scale=1.0008 blue_scale=0.9992 vignetting=-0.3,0,0
CORRECTION := --set 'lens.distortion=[-0.06, 0.01, 0]' --set lens.red_scale=1.0008 --set lens.blue_scale=0.9992 \
	--set 'vignetting.k=[-0.3, 0, 0]' --set exposure.ev=0

.PHONY: demo test browser check bench peers lock clean

# The stamp is newer than the environment's list of packages: editing that list installs again.
$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(VENV)/.ready
	$(BIN)/tenbit sample demo/sample.dng --overwrite --lens '$(FAULTS)'
	$(BIN)/tenbit develop demo/sample.dng -c standard -o 'demo/{stem}.{ext}' --overwrite $(CORRECTION)
	$(BIN)/tenbit develop demo/sample.dng -c monitor -o 'demo/{stem}-{chain}.{ext}' --overwrite $(CORRECTION)
	@echo "Look at demo/sample.jpg and demo/sample-monitor.jpg; demo/sample-truth.tif is what the lens was shown."

# A worker per core, a file at a time: the first run compiles several hundred loops.
test: $(VENV)/.ready
	$(BIN)/python -m pytest -n auto --dist loadfile

# Needs a Chromium: apt-get install chromium.
browser: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	$(BIN)/python -m pytest tests/pipeline/contact tests/pipeline/profile/page

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Minutes; the machine should have nothing else to do.
bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python benchmarks/cpu.py --save

# A quarter of an hour, the same. Programs come from Debian, torch from an environment of its own: TORCH=its/bin/python.
peers: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[peers]'
	$(BIN)/python benchmarks/beside.py $(if $(TORCH),--torch $(TORCH))

# What containers are built from: of every package the newest that pyproject.toml allows, by hash.
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	--extra farm --extra lens --extra video pyproject.toml containers/build.in
lock: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(LOCK) --output-file containers/cpu.lock
	$(LOCK) --extra cuda12 --output-file containers/cuda.lock

clean:
	rm -rf $(VENV) build dist demo *.egg-info
