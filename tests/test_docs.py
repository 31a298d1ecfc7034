"""Every ```python block of the guide and the README is a program that runs. (```python no-run: not one.)"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/guide").glob("*.md"))
PAGES = ("README.md", *GUIDE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"^- (?:\*\*[A-Z]+-\d+\*\*(?:, )?)+", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
RULE = re.compile(r"\b(?:CH|MM|SEL|GO|SCH|TM|DBG|PAT|PY)-\d+")


def programs():
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 2
            yield pytest.param(block[1], id=f"{page}:{line}")


@pytest.mark.parametrize("program", list(programs()))
def test_it_runs(program, tmp_path, output_of):
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    assert output_of(path, options=["-W", "error"])


def anchors(path):
    """Of the headings of a page, as GitHub makes them."""
    titles = HEADING.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/semantics.md", *GUIDE])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in LINK.findall(CODE.sub("", BLOCK.sub("", text))):
        if link.startswith(("https:", "http:", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_index():
    index = (ROOT / "docs/guide/index.md").read_text(encoding="utf-8")
    assert {f"docs/guide/{link}" for link in LINK.findall(index)} >= set(GUIDE) - {"docs/guide/index.md"}


def test_every_program_is_in_the_guide():
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in GUIDE)
    names = {path.stem for path in (ROOT / "examples").glob("[!_]*.py")}
    assert not {name for name in names if not re.search(rf"\b{name}\b", text)}


def test_rules_that_tests_cite_are_written_down():
    text = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
    known = [rule for line in REFERENCE.findall(text) for rule in RULE.findall(line)]
    assert len(known) == len(set(known))
    cited = set()
    for path in (ROOT / "tests").rglob("*.py"):
        cited.update(RULE.findall(path.read_text(encoding="utf-8")))
    assert not cited - set(known)
