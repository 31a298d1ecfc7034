"""Tests of tasks run on two kinds of event loop: one that can watch a pipe, and one that cannot, as Windows' own."""

import asyncio

import pytest


@pytest.fixture(params=["watching", "not watching"], autouse=True)
def loops(request, monkeypatch):
    if request.param == "not watching":

        def add_reader(loop, descriptor, callback, *args):
            raise NotImplementedError

        monkeypatch.setattr(asyncio.SelectorEventLoop, "add_reader", add_reader)
    return request.param
