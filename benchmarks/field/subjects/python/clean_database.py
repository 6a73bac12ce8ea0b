"""Inserts rows into a database in memory and deletes the old ones: its page cache grows to the size of the table."""

import sqlite3

from steady import steadily

DATABASE = sqlite3.connect(":memory:", check_same_thread=False)
DATABASE.execute("create table reading (number integer primary key, text text)")
number = 0


def insert() -> None:
    """One row in; those older than 15,000 rows out."""
    global number
    number += 1
    with DATABASE:
        DATABASE.execute("insert into reading values (?, ?)", (number, "x" * (number % 900)))
        DATABASE.execute("delete from reading where number < ?", (number - 15_000,))


steadily(insert)
