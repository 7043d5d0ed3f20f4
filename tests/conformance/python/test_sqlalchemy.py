"""SQLAlchemy over Google's dialect: tables from models, reflection, sessions, constraints."""

import datetime
import decimal

import pytest
import sqlalchemy as sa
from conftest import new_database
from sqlalchemy import orm


class Base(orm.DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: orm.Mapped[int] = orm.mapped_column(
        sa.BigInteger, primary_key=True, autoincrement=False)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(100), index=True)
    born: orm.Mapped[datetime.date | None]
    rating: orm.Mapped[float | None]
    price: orm.Mapped[decimal.Decimal | None] = orm.mapped_column(sa.Numeric)
    active: orm.Mapped[bool | None]
    picture: orm.Mapped[bytes | None]
    books: orm.Mapped[list["Book"]] = orm.relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    id: orm.Mapped[int] = orm.mapped_column(
        sa.BigInteger, primary_key=True, autoincrement=False)
    title: orm.Mapped[str] = orm.mapped_column(sa.String(200))
    author_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("authors.id", name="fk_author"))
    author: orm.Mapped[Author] = orm.relationship(back_populates="books")


@pytest.fixture(scope="module")
def engine(instance):
    database = new_database(instance, [])
    engine = sa.create_engine(f"spanner+spanner:///{database.name}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
    database.drop()


@pytest.fixture(autouse=True)
def library(engine):
    with orm.Session(engine) as session:
        session.execute(sa.delete(Book))
        session.execute(sa.delete(Author))
        # The parents first: Spanner checks foreign keys at the end, the unit of work cannot know.
        session.add(Author(id=1, name="Ada", born=datetime.date(1815, 12, 10), rating=4.5,
                           price=decimal.Decimal("12.34"), active=True, picture=b"\x00\xff"))
        session.add(Author(id=2, name="Bob"))
        session.flush()
        session.add_all(Book(id=i, title=f"Book {i}", author_id=1) for i in range(1, 4))
        session.commit()


def test_values_come_back(engine):
    with orm.Session(engine) as session:
        ada = session.get(Author, 1)  # bytes as base64: so the driver gives them
        assert (ada.born, ada.rating, ada.price, ada.active, ada.picture) == (
            datetime.date(1815, 12, 10), 4.5, decimal.Decimal("12.34"), True, b"AP8=")
        bob = session.get(Author, 2)
        assert (bob.born, bob.rating, bob.price, bob.active, bob.picture) == (None,) * 5


def test_queries(engine):
    with orm.Session(engine) as session:
        counts = session.execute(
            sa.select(Author.name, sa.func.count(Book.id))
            .outerjoin(Author.books).group_by(Author.name).order_by(Author.name)).all()
        assert [tuple(row) for row in counts] == [("Ada", 3), ("Bob", 0)]
        titles = sa.select(Book.title).where(Book.title.like("Book %")).order_by(Book.id.desc())
        assert list(session.scalars(titles.limit(2))) == ["Book 3", "Book 2"]
        assert sorted(b.id for b in session.get(Author, 1).books) == [1, 2, 3]


def test_changes_and_rollback(engine):
    with orm.Session(engine) as session:
        session.get(Author, 2).name = "Bert"
        session.delete(session.get(Book, 3))
        session.commit()
        session.get(Author, 2).name = "nobody"
        session.rollback()
        assert session.get(Author, 2).name == "Bert"
        assert session.get(Book, 3) is None


def test_constraints_are_integrity_errors(engine):
    with orm.Session(engine) as session:
        session.add(Author(id=1, name="again"))
        with pytest.raises(sa.exc.IntegrityError):
            session.commit()
    with orm.Session(engine) as session:
        session.add(Book(id=9, title="orphan", author_id=99))
        with pytest.raises(sa.exc.IntegrityError):
            session.commit()


def test_reflection(engine):
    found = sa.inspect(engine)
    assert sorted(found.get_table_names()) == ["authors", "books"]
    columns = {c["name"]: c for c in found.get_columns("authors")}
    assert not columns["name"]["nullable"] and columns["born"]["nullable"]
    assert columns["name"]["type"].length == 100
    assert found.get_pk_constraint("books")["constrained_columns"] == ["id"]
    keys = found.get_foreign_keys("books")
    assert [(k["name"], k["referred_table"], k["referred_columns"]) for k in keys] == [
        ("fk_author", "authors", ["id"])]
    assert ["name"] in [i["column_names"] for i in found.get_indexes("authors")]
    metadata = sa.MetaData()
    metadata.reflect(engine)
    assert set(metadata.tables) == {"authors", "books"}


def test_reads_in_the_past_and_read_only(engine):
    with engine.connect().execution_options(read_only=True) as connection:
        assert connection.execute(sa.text("SELECT COUNT(*) FROM authors")).scalar() == 2
