module goconc/bench

go 1.25
