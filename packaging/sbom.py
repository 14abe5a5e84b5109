"""What a program is made of, as SPDX 2.3: sbom.py PROGRAM VERSION OUTPUT

The program, the libraries that it loads with the Debian packages that they come from, and the charts that it carries within
itself. The same program, packages and SOURCE_DATE_EPOCH give the same bytes."""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

WITHIN = ["libjs-dygraphs"]  # embedded at build, see service/page/CMakeLists.txt


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def owners(paths):
    """The Debian packages that files come from: by the name that they are loaded under, that of what a link leads to, or the same
    as it was before /lib went to /usr. They are asked for all at once, since each question reads the whole list of files."""
    resolved = {str(pathlib.Path(path).resolve()) for path in paths}
    names = sorted({*paths, *resolved, *(re.sub("^/usr", "", path) for path in resolved)})
    found = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True).stdout  # it fails where one is unknown
    return {re.split("[:,]", line)[0] for line in found.splitlines() if not line.startswith("diversion by ")}


def packages(program, asked_for):
    """Of the libraries that it is linked with, and of those that it loads when it needs them."""
    loaded = {path for file in (program, *asked_for) for path in re.findall(r"=> (/\S+) \(", said("ldd", file))}
    return sorted(owners(loaded.union(asked_for)) | set(WITHIN))


def describe(package):
    version, source = said("dpkg-query", "-W", "-f", "${Version}\t${source:Package}\n", package).splitlines()[0].split("\t")
    return {
        "name": package, "SPDXID": f"SPDXRef-{re.sub('[^A-Za-z0-9.-]', '-', package)}", "versionInfo": version,
        "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{package}@{version}?upstream={source}"}],
    }


def main(program, version, output, *asked_for):
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), datetime.timezone.utc)
    parts = [describe(package) for package in packages(program, asked_for)]
    whole = {
        "name": "leaklab", "SPDXID": "SPDXRef-leaklab", "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "MIT", "licenseDeclared": "MIT", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
    }
    kinds = {part["SPDXID"]: "CONTAINS" if part["name"] in WITHIN else "DYNAMIC_LINK" for part in parts}
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"leaklab-{version}",
        "documentNamespace": f"urn:sha256:{digest}",
        "creationInfo": {"created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: leaklab packaging/sbom.py"]},
        "packages": [whole, *parts],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-leaklab"},
                          *({"spdxElementId": "SPDXRef-leaklab", "relationshipType": kind, "relatedSpdxElement": name}
                            for name, kind in kinds.items())],
    }
    pathlib.Path(output).write_text(json.dumps(document, indent=2) + "\n")


main(*sys.argv[1:])
