"""Builds the compiled rooms: every .pyx in rcf_ext/ and streamsql/kernels/ is one extension module.

No flag here is tied to the CPU of the build machine; faster code paths are chosen at run time.
"""

import os
import re
import sys
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

# Contraction into fused multiply-adds would make results depend on the CPU, so it stays off.
COMPILE = ["-O3", "-std=c++17", "-ffp-contract=off", "-fno-math-errno", "-Wno-unused-function"]
LINK: list[str] = []
if sys.platform == "win32":
    COMPILE = ["/O2", "/std:c++17", "/fp:precise"]

# `make sanitize` sets this to build everything with the sanitizers.
if sanitizers := os.environ.get("STREAMSQL_SANITIZE"):
    COMPILE += [f"-fsanitize={sanitizers}", "-fno-omit-frame-pointer", "-g", "-O1"]
    LINK += [f"-fsanitize={sanitizers}"]


def headers(path: Path, known: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """The files beside `path` that it includes, directly or through others: a change in them rebuilds it."""
    including = r'(?:#include|extern from|^from)\s+"?([\w./]+)"?'
    named = re.findall(including, path.read_text(), re.MULTILINE)
    beside = {path.with_name(name) for name in named} | {path.with_suffix(".pxd")}
    beside |= {path.parent / f"{name.rpartition('.')[2]}.pxd" for name in named}
    for header in sorted(beside - known):
        if header.is_file() and header != path:
            known |= headers(header, known | {header})
    return known


def extension(path: Path) -> Extension:
    """One .pyx file as a C++ extension module."""
    return Extension(
        ".".join(path.with_suffix("").parts),
        [str(path)],
        include_dirs=[numpy.get_include(), str(path.parent)],
        depends=sorted(map(str, headers(path))),
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
        language="c++",
    )


rooms = ["rcf_ext", "streamsql/kernels"]
sources = sorted(path for room in rooms for path in Path(room).glob("*.pyx"))
directives = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "freethreading_compatible": False,
}
setup(
    ext_modules=cythonize([extension(path) for path in sources], compiler_directives=directives, nthreads=2)
    if sources
    else [],
    options={"build_ext": {"parallel": os.cpu_count()}},
)
