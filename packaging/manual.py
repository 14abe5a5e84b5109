"""A manual page from what a command says of itself: manual.py PROGRAM COMMAND VERSION ABOUT OUTPUT

What a flag does is said once, in --help. There, rows of two columns are flags, commands or members; other lines that are
indented stay as they are; everything else is text. COMMAND is empty for the program itself. The same text and
SOURCE_DATE_EPOCH give the same bytes."""

import datetime
import os
import pathlib
import re
import subprocess
import sys

ROW = re.compile(r"^  (\S+(?: [^ ]+)?) {2,}(\S.*)$")
MORE = {  # what --help has no place for
    "serve": [("FILES", "Of the Debian package: settings of leaklab.service, a line for each flag, such as LEAKLAB_MAX_HEAP=512MiB, are in "
               "/etc/default/leaklab; leaklab.socket starts it with the first connection; alert rules, runbooks and drills are in "
               "/usr/share/leaklab.", []),
              ("EXAMPLES", "Ten starts a second of a leak, what there is of it, and its end:",
               ["leaklab serve &", "curl -d mode=leak-recv -d rate=10/s -d name=mine localhost:9777/scenario", "curl -s localhost:9777/metrics",
                "curl -X DELETE 'localhost:9777/scenario/mine?reclaim=true'"])],
    "graph": [("EXAMPLES", "", ["leaklab graph leak-recv | dot -Tsvg >leak-recv.svg"])],
    "check": [("EXAMPLES", "", ["leaklab check mine.yaml"])],
}


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"^\.", r"\\&.", text)


def verbatim(lines):
    return [".sp", ".RS 4", ".nf", *map(escaped, lines), ".fi", ".RE"]


def emphasized(tag):
    """A flag in bold, what it takes in italics."""
    word, _, argument = tag.partition(" ")
    return f"\\fB{escaped(word)}\\fR" + (f" \\fI{escaped(argument)}\\fR" if argument else "")


def paragraphs(text):
    """Lists of lines that belong together: those that are indented, and those that are not."""
    group = []
    for line in text.splitlines() + [""]:
        if group and (not line or line.startswith(" ") != group[0].startswith(" ")):
            yield group
            group = []
        if line:
            group.append(line)


def synopsis(lines):
    page = [".SH SYNOPSIS"]
    for line in lines:
        words = line.removeprefix("usage:").split()
        count = 1 if words[1:2] in ([], ["COMMAND"]) else 2
        page += [f"\\fB{' '.join(words[:count])}\\fR {escaped(' '.join(words[count:]))}".rstrip(), ".br"]
    return page[:-1]


def body(groups, of_all):
    """Until the flags it is the description; what follows them are notes. `of_all`: rows are commands."""
    page, section = [".SH DESCRIPTION"], "DESCRIPTION"

    def begin(wanted):
        nonlocal section
        if wanted != section:
            page.append(f".SH {wanted}")
            section = wanted
        return not page[-1].startswith(".SH")

    for group in groups:
        rows = [ROW.match(line) for line in group]
        if all(rows):
            begin("OPTIONS" if group[0].startswith("  --") else "COMMANDS" if of_all else section)
            for row in rows:
                page += [".TP", emphasized(row[1]), escaped(row[2])]
        elif group[0].startswith(" "):
            page += verbatim([line.removeprefix("  ") for line in group])
        else:
            variables = group[0].startswith("Every flag is an environment variable")
            if begin("ENVIRONMENT" if variables else "NOTES" if section == "OPTIONS" else section):
                page.append(".PP")
            page += map(escaped, group)
    return page


def see_also(command, commands):
    pages = ["leaklab(1)", *(f"leaklab-{name}(1)" for name in commands), "leaklab-patterns(5)"]
    own = f"leaklab-{command}(1)" if command else "leaklab(1)"
    return [".SH SEE ALSO", ",\n".join(re.sub(r"^(.*)(\(.\))$", lambda page: f".BR {escaped(page[1])} {page[2]}", page) for page in pages if page != own)
            .replace(",\n", " ,\n")]


def main(program, command, version, about, output):
    def told(*words):
        return subprocess.run([program, *words, "--help"], check=True, capture_output=True, text=True).stdout

    groups = list(paragraphs(told(*command.split())))
    commands = [row[1] for row in map(ROW.match, told().splitlines()) if row and row[1] != "version"]
    usage = next(i for i, group in enumerate(groups) if group[0].startswith("usage:"))
    lines = groups.pop(usage)
    while usage < len(groups) and groups[usage][0].startswith("       "):
        lines += groups.pop(usage)
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), datetime.timezone.utc)
    name = f"leaklab-{command}" if command else "leaklab"
    page = [f'.TH {escaped(name.upper())} 1 "{moment:%Y-%m-%d}" "leaklab {version}" leaklab', ".nh", ".ad l",
            ".SH NAME", f"{name} \\- {about}", *synopsis(lines), *body(groups, of_all=not command)]
    for title, text, examples in MORE.get(command, []):
        page += [f".SH {title}", *([escaped(text)] if text else []), *(verbatim(examples)[0 if text else 1:] if examples else [])]
    page += see_also(command, commands)
    pathlib.Path(output).write_text("\n".join(page) + "\n")


main(*sys.argv[1:])
