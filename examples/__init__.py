"""The programs of ``python -m goconc tour``.

Each runs alone too, once goconc is installed: ``python examples/ping_pong.py``.
"""

PROGRAMS = (  # from simple to advanced
    "coroutine_vs_goroutine",
    "ping_pong",
    "fetch_urls",
    "rest_handler",
    "deadlock",
    "worker_pool",
    "fan_out_fan_in",
    "pipeline",
    "three_services",
    "digest_stdlib",
    "prime_sieve",
    "parked",
)
