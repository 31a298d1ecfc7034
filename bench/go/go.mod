module goconc/bench

go 1.24
