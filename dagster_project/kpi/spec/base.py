"""What all specs share: text-typed fields, and pydantic's errors turned into issues with a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from dagster_project.kpi.issues import Issue, Level, suggest
from dagster_project.kpi.model import Label, Where
from dagster_project.kpi.text import identifier, parse_bool, parse_date, parse_days, parse_quantity
from dagster_project.kpi.yamlnodes import Document, Loc

SpecT = TypeVar("SpecT", bound="Spec")


class Spec(BaseModel):
    """Base of all specs: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _text(value: Any) -> Any:
    if value is None:
        raise ValueError("a value is missing here; write it, or remove the key")
    if isinstance(value, list | dict):
        raise ValueError("one value is wanted here, not a list or a mapping; quote it if it holds ', : [ {'")
    return value


def _list_of(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _from_text(parse: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else _text(value))


class Or:
    """In schema.json: the full form, or one of these shorter ones in its place."""

    def __init__(self, *kinds: str) -> None:
        self.short = [{"type": kind} for kind in kinds]

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [*self.short, handler(core_schema)]}


_SCALAR = WithJsonSchema({"type": ["string", "number", "boolean"]})  # every scalar is read as text

Text = Annotated[str, BeforeValidator(_text), _SCALAR]
Identifier = Annotated[
    str, _from_text(identifier), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})
]
Identifiers = Annotated[list[Identifier], BeforeValidator(_list_of), Or("string")]
Texts = Annotated[list[Text], BeforeValidator(_list_of), Or("string")]
Sql = Annotated[str, BeforeValidator(_text), _SCALAR]
Bool = Annotated[bool, _from_text(parse_bool), WithJsonSchema({"type": "boolean"})]
Day = Annotated[date, _from_text(parse_date), WithJsonSchema({"type": "string", "format": "date"})]
Days = Annotated[int, _from_text(parse_days), WithJsonSchema({"type": ["string", "integer"]})]
Number = Annotated[
    float,
    _from_text(lambda text: float(parse_quantity(text))),
    WithJsonSchema({"type": ["number", "string"]}),
]


class LabelSpec(Spec):
    """A label for people in Japanese, English or both."""

    ja: Text | None = Field(None, description="Japanese")
    en: Text | None = Field(None, description="English")


def _label(value: Any) -> Any:
    return {"ja": value, "en": value} if isinstance(value, str) else value


LabelField = Annotated[LabelSpec, BeforeValidator(_label), Or("string")]


def resolve_label(spec: LabelSpec | None, name: str) -> Label:
    """The label, each language falling back to the other and then to `name`."""
    if spec is None:
        return Label(name, name)
    return Label(spec.ja or spec.en or name, spec.en or spec.ja or name)


def read_spec(
    kind: type[SpecT], data: Any, document: Document, loc: Loc, subject: str
) -> tuple[SpecT | None, list[Issue]]:
    """`data` (found at `loc` of the document) as `kind`, or None with every finding."""
    try:
        return kind.model_validate(data), []
    except ValidationError as error:
        return None, [_issue(detail, kind, document, loc, subject) for detail in error.errors()]


def _issue(detail: ErrorDetails, kind: type[Spec], document: Document, loc: Loc, subject: str) -> Issue:
    *above, last = detail["loc"] or ("",)
    # pydantic names the branches of a union in the path, too; but a key as written may hold a bracket.
    inner = tuple(part for part in above if not (isinstance(part, str) and "[" in part))
    if detail["loc"] and (detail["type"] == "extra_forbidden" or "[" not in str(last)):
        inner = (*inner, last)
    place: Loc = (*loc, *inner)
    key = ".".join(str(part) for part in inner)
    if detail["type"] == "extra_forbidden":
        accepted = _accepted(kind, inner[:-1])
        name = str(inner[-1])
        hint = suggest(name, accepted) or (f"accepted: {', '.join(accepted)}" if accepted else "")
        if detail["input"] is None and document.position(place) and place[:-1] in document.flow:
            hint = "a value with a comma splits here: quote this value"
        return document.issue(place, subject, f"unknown key '{name}'", hint)
    if detail["type"] == "missing":
        return document.issue(place[:-1], subject, f"'{inner[-1]}' is missing")
    if detail["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return document.issue(
            place, subject, f"'{key}' wants keys and values" if key else "wants keys and values"
        )
    if detail["type"] == "list_type":
        return document.issue(place, subject, f"'{key}' wants a list")
    if detail["type"] == "literal_error":
        given = str(detail["input"])
        choices = [
            part.strip(" '") for part in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(",")
        ]
        hint = suggest(given, choices)
        return document.issue(place, subject, f"'{key}': '{given}' is not one of {', '.join(choices)}", hint)
    message = detail["msg"].removeprefix("Value error, ")
    return document.issue(place, subject, f"'{key}': {message}" if key else message)


def _accepted(kind: Any, loc: Loc) -> list[str]:
    """The keys that the spec at `loc` inside `kind` accepts; [] where that can't be told."""
    for part in loc:
        kind = _child(kind, part)
    model = _model_in(kind)
    if model is None:
        return []
    return [info.alias or name for name, info in model.model_fields.items()]


def _child(kind: Any, part: str | int) -> Any:
    model = _model_in(kind)
    if isinstance(part, int):
        return next(iter(get_args(_container(kind, list))), None)
    if model is not None:
        for name, info in model.model_fields.items():
            if part in (name, info.alias):
                return info.annotation
        return None
    arguments = get_args(_container(kind, dict))
    return arguments[1] if len(arguments) == 2 else None


def _container(kind: Any, wanted: type) -> Any:
    if getattr(kind, "__origin__", None) is wanted:
        return kind
    return next((found for inner in get_args(kind) if (found := _container(inner, wanted)) is not None), None)


def _model_in(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if getattr(kind, "__origin__", None) in (list, dict):
        return None
    return next((found for inner in get_args(kind) if (found := _model_in(inner)) is not None), None)


@dataclass(frozen=True)
class Written(Generic[SpecT]):
    """A spec together with the place it was written at, for messages about it."""

    spec: SpecT
    document: Document
    loc: Loc
    subject: str

    def issue(self, inner: Loc, message: str, hint: str = "", level: Level = "error") -> Issue:
        return self.document.issue((*self.loc, *inner), self.subject, message, hint, level)

    @property
    def where(self) -> Where:
        line, column = self.document.position(self.loc)
        return Where(self.document.file, line, column)
