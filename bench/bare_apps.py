"""The controls: the least that a Flask application under the same server does."""

from __future__ import annotations

import os

from flask import Flask, Response, request
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, create_engine, insert
from wtforms import BooleanField, EmailField, Form, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

# --- bare page: a constant of the same size ---------------------------------------------------------------------

page = Flask("page")
CONSTANT = b"x" * int(os.environ.get("BARE_BYTES", "10000"))


@page.get("/")
def constant() -> Response:
    """Answer with the constant."""
    return Response(CONSTANT, mimetype="text/html")


# --- bare endpoint: the same form, one row, one commit ----------------------------------------------------------


class SignForm(Form):
    """The fields of the product's form, with the library's own checks."""

    form = HiddenField(validators=[DataRequired()])
    name = StringField(validators=[DataRequired(), Length(max=120)])
    role = StringField(validators=[Length(max=200)])
    place = StringField(validators=[Length(max=200)])
    email = EmailField(validators=[DataRequired(), Email()])
    lang = SelectField(choices=["en", "ru"])
    publish = RadioField(choices=["0", "1", "2", "3"], validators=[InputRequired()])
    others = IntegerField(validators=[Optional(), NumberRange(1, 1_000_000)])
    consent = BooleanField(validators=[DataRequired()])


WIDTH = 10_000  # Bytes: what one signature of the product takes, its keys, its mail and its code included.
bare_rows = Table(
    "bare_rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(120)),
    Column("box", LargeBinary),
)
endpoint = Flask("endpoint")
if url := os.environ.get("BARE_DATABASE"):
    waiting = {"timeout": 30} if url.startswith("sqlite") else {}
    engine = create_engine(url, pool_size=20, max_overflow=20, connect_args=waiting)


@endpoint.get("/")
def up() -> str:
    """Say that it is there."""
    return "up"


@endpoint.post("/")
def take() -> tuple[str, int]:
    """Check the form and keep one row."""
    form = SignForm(request.form)
    if not form.validate():
        return "no", 422
    with engine.begin() as connection:
        connection.execute(insert(bare_rows).values(name=form.name.data, box=os.urandom(WIDTH)))
    return "thanks", 200
