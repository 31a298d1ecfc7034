"""Two services feed a third, 50 ms for all of it: `select` with `after`, and cancellation of what is late.

The first two are called at once. If one of the three is too slow, the caller gets a TimeoutError when the time is up,
and the goroutines that still wait are cancelled and joined.
"""

import time
from urllib.parse import quote, unquote

from goconc import Canceled, Chan, Goroutine, after, blocking, go, num_goroutine, run, select, sleep
from goconc._examples._support import check, open_url, serve

BUDGET = 0.050
SLOW = 2.0
TRIES = 20  # a machine that is very busy may miss 50 ms: it is given more and more time to calm down


def answer(path: str) -> tuple[int, str]:
    service, _, argument = path.removeprefix("/").partition("/")
    time.sleep(SLOW if service == "slow-stock" else 0.005)
    match service:
        case "customer":
            return 200, "Ada"
        case "stock" | "slow-stock":
            return 200, "3 kites"
        case _:
            return 200, f"offer: {unquote(argument)}"


def get(url: str) -> str:
    with open_url(url, timeout=10) as response:
        return str(response.read().decode())


def call(url: str, answers: Chan[str]) -> None:
    answers.send(blocking(get, url))


def end(calls: list[Goroutine[None]]) -> None:
    for each in calls:
        each.cancel()  # does nothing to one that has ended
        try:
            each.join()
        except Canceled:
            print("    a call was cancelled")


def make_offer(site: str, stock_service: str) -> str:
    time_is_up = after(BUDGET)
    customers: Chan[str] = Chan(1)
    stocks: Chan[str] = Chan(1)
    offers: Chan[str] = Chan(1)
    calls = [go(call, f"{site}/customer", customers), go(call, f"{site}/{stock_service}", stocks)]
    try:
        customer = stock = ""
        while not (customer and stock):
            match select(customers, stocks, time_is_up):
                case 0, value, True:
                    customer = value
                case 1, value, True:
                    stock = value
                case _:
                    raise TimeoutError(f"no offer within {BUDGET * 1000:.0f} ms")
        calls.append(go(call, f"{site}/offer/{quote(f'{stock} for {customer}', safe='')}", offers))
        match select(offers, time_is_up):
            case 0, offer, True:
                return str(offer)
            case _:
                raise TimeoutError(f"no offer within {BUDGET * 1000:.0f} ms")
    finally:
        end(calls)


def attempt(site: str, stock_service: str) -> str:
    started = time.perf_counter()
    try:
        outcome = make_offer(site, stock_service)
    except TimeoutError as error:
        outcome = f"TimeoutError: {error}"
    took = time.perf_counter() - started
    print(f"{stock_service}: {outcome!r} after {took * 1000:.1f} ms")
    check(took < SLOW, "nobody waits for the slow service")
    check(num_goroutine() == 1, "no goroutine is left behind")
    return outcome


def use_services(site: str) -> None:
    for tries in range(TRIES):
        outcome = attempt(site, "stock")
        if not outcome.startswith("TimeoutError"):
            break
        sleep(0.1 * tries)
    check(outcome == "offer: 3 kites for Ada", f"{outcome!r} is not the offer")
    outcome = attempt(site, "slow-stock")
    check(outcome == "TimeoutError: no offer within 50 ms", f"{outcome!r} should be a TimeoutError")
    print("goroutines left behind: 0")


def main() -> None:
    with serve(answer) as site:
        run(use_services, site)


if __name__ == "__main__":
    main()
