"""Requests made from an OpenAPI document: what its schemas allow, and what they do not. The same seed makes the same."""

import json
import re
import string

WEIRD = (None, True, -1, 0, 1.5, 1e308, 2**53, -2**63, "", " ", "0", "NaN", "1e9999", "-1s", "\u0000", "\ud83d\ude00", "a" * 300,
         "../..", "%00", [], {}, [[]], {"": {}}, [None] * 200)
ALPHABET = string.ascii_letters + string.digits + "-_./%&=?;: \u00e4"


class Generator:
    """`known` are texts that mean something to whoever is asked, by the name of their schema. While `careful`, it makes only what
    the schemas allow, and little of it."""

    def __init__(self, document, random, known):
        self.document, self.random, self.known, self.careful = document, random, known, False

    def resolve(self, schema):
        """A schema without $ref; what stands beside it counts too."""
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].lstrip("#/").split("/"):
                target = target[part]
            known = self.known.get(schema["$ref"].rpartition("/")[2], [])
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **beside, "examples": target.get("examples", []) + known}
        return schema

    def value(self, schema):
        """Mostly what the schema allows."""
        schema = self.resolve(schema)
        if not self.careful and self.random.random() < 0.02:
            return self.random.choice(WEIRD)
        for several in ("oneOf", "anyOf"):
            if several in schema:
                beside = {key: value for key, value in schema.items() if key != several}
                return self.value({**beside, **self.resolve(self.random.choice(schema[several]))})
        if "const" in schema or "enum" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else self.random.choice(kinds)
        return getattr(self, "_" + kind)(schema)

    def _null(self, _schema):
        return None

    def _boolean(self, _schema):
        return self.random.random() < 0.5

    def _integer(self, schema):
        low, high = schema.get("minimum", -3), schema.get("maximum", schema.get("exclusiveMaximum", 2**40))
        if self.careful:
            return min(high, max(low, 0) + self.random.choice((0, 1, 2, 7)))
        return self.random.choice((low, low - 1, low + 1, low + 7, high, high - 1, high + 1, self.random.randint(low, high)))

    def _number(self, schema):
        if self.careful:
            return self._integer(schema)
        return self.random.choice((self._integer(schema), self.random.uniform(schema.get("minimum", -3), 100), 1e-9, 1e15))

    def _string(self, schema):
        words = re.findall(r"`([^`]+)`", schema.get("description", "")) + schema.get("examples", [])
        if self.careful and not words:
            return self._matching(schema.get("pattern", "[a-z]{1,8}"))
        dice = 0 if self.careful else self.random.random()
        if words and dice < 0.8:
            return self.random.choice(words)
        return self._matching(schema["pattern"]) if "pattern" in schema and dice < 0.95 else self.noise()

    def noise(self):
        return "".join(self.random.choices(ALPHABET, k=self.random.randint(0, 70)))

    def _matching(self, pattern):
        """A text for the patterns that the document has: sets of characters, groups, and how often."""
        text = ""
        for part, often in re.findall(r"(\[[^\]]*\]|\([^)]*\)|[^()\[\]{}?+*^$])(\{[0-9,]+\}|[?+*])?", pattern):
            least, _, most = {"?": "0,1", "+": "1,9", "*": "0,9", "": "1"}.get(often, often.strip("{}")).partition(",")
            for _ in range(self.random.randint(int(least), int(most or least))):
                text += self._one_of(part[1:-1]) if part[0] == "[" else self._matching(part[1:-1]) if part[0] == "(" else part
        return text

    def _one_of(self, characters):
        ranges = re.findall(r"(.)-(.)", characters)
        plain = re.sub(r".-.", "", characters)
        return self.random.choice(plain + "".join(chr(c) for low, high in ranges for c in range(ord(low), ord(high) + 1)))

    def _array(self, schema):
        least = schema.get("minItems", 0)
        count = self.random.choice((least, least + 1, least + 2, schema.get("maxItems", 8) + 1 if self.random.random() < 0.1 else 1))
        return [self.value(schema.get("items", {})) for _ in range(count)]

    def _object(self, schema):
        dice = 0.05 if self.careful else self.random.choice((0.05, 0.1, 0.5))
        made = {name: self.value(of) for name, of in schema.get("properties", {}).items()
                if self.random.random() < (0.9 if self._is_required(schema, name, of) else dice)}
        more = schema.get("additionalProperties", False)
        if isinstance(more, dict) and self.random.random() < dice:
            made["n" if self.careful else self.random.choice(("n", "period", self.noise()))] = 1 if self.careful else self.value(more)
        return made

    @staticmethod
    def _is_required(schema, name, of):
        return name in schema.get("required", []) or of.get("description", "").startswith("Required")

    def text(self, schema):
        """A value as it stands in a URL or a form."""
        value = self.value(schema)
        return value if isinstance(value, str) else json.dumps(value)

    def spoil(self, data):
        """The bytes, a few of them changed."""
        data = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randint(0, len(data))
            data[place:place + self.random.randint(0, 3)] = self.random.randbytes(self.random.randint(0, 3))
        return bytes(data)
