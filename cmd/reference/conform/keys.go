package conform

// Keys is a script of puts, gets, deletions, transactions and compactions. It begins with an empty store: what it leaves
// has the same hash everywhere.
func Keys() (script []Step) {
	script = append(script, AsAll(Run("put a 1"), Run("put a 2 --prev-kv"), Run("put b --prev-kv").Input("from its input"),
		Run("put a --ignore-value"), Run("put c x --ignore-lease"), Run("put ab ''"))...)
	script = append(script,
		Run("put"), Run("put '' x"), Run("put a x --lease=4d2"), Run("put a x --lease=zz"), Run("put none --ignore-value"), Run("put none x --ignore-lease"),
		Run("put a x --ignore-value"), Run("put a x --ignore-lease --lease=4d2"), Run("put a 1 -w nonsense"))
	script = append(script, AsAll(gets()...)...)
	script = append(script, Run("get a --rev=9999"), Run("get"), Run("get a b c"), Run("get a --sort-by=NONSENSE"), Run("get a --prefix --from-key"),
		Run("get a --consistency=x"), Run("get a --print-value-only"), Run("get a --print-value-only -w json"))
	script = append(script, AsAll(Run("del a --prev-kv"), Run("put a 3"), Run("del x"), Run("del a c --range --prev-kv"))...)
	script = append(script, Run("put d 1"), Run("put d2 2"), Run("put e 3"), Run("del d --prefix --prev-kv"), Run("put d 1"), Run("del d --from-key"), Run("put d 1"), Run("put e 1"), Run("del d f --range"),
		Run("del"), Run("del a b c"), Run("del '' --prefix"), Run("get '' --prefix"))
	return append(script, append(txns(), compactions()...)...)
}

func gets() []Step {
	return []Step{Run("get a"), Run("get a --hex"), Run("get none"), Run("get '' --prefix"), Run("get a c"), Run("get a --prefix --order=DESCEND"), Run("get b --from-key"),
		Run("get '' --from-key --limit=2"), Run("get a --prefix --sort-by=VALUE --order=DESCEND --limit=1"), Run("get '' --prefix --sort-by=MODIFY"), Run("get '' --prefix --sort-by=VERSION --order=ASCEND"),
		Run("get '' --prefix --sort-by=CREATE"), Run("get '' --prefix --count-only"), Run("get '' --prefix --keys-only"), Run("get a --rev=3"),
		Run("get a --consistency=s"), Run("get '' --prefix --stream"), Run("get '' --prefix --min-mod-rev=25"), Run("get '' --prefix --max-mod-rev=25"), Run("get '' --prefix --min-create-rev=4 --limit=1"),
		Run("get '' --prefix --max-create-rev=4 --count-only")}
}

func txns() (script []Step) {
	script = AsAll(
		Run("txn").Input("mod(\"t\") = \"0\"\n\nput t 1\nget t\n\nget t\n\n"),
		Run("txn").Input("value(\"t\") = \"1\"\ncreate(\"t\") > \"0\"\n\nput t 2 --prev-kv\nget t --prefix\ndel u\n\nput t x\n\n"),
		Run("txn").Input("ver(\"t\") < \"1\"\n\nput t 9\n\ndel t --prev-kv\nget t\n\n"),
		Run("txn").Input("\nget t --count-only\n\n\n"))
	script = append(script, As("fields", Run("txn -i").Input("\nput t 1\n\n\n"))...)
	return append(script, Run("txn").Input("\nput t 1\nput t 2\n\n\n"), Run("txn").Input("\nput t 1\ndel t --prefix\n\n\n"), Run("txn").Input("nonsense\n\n\n\n"),
		Run("txn").Input("mod(\"t\") ! \"0\"\n\n\n\n"), Run("txn").Input("\nput t 1 --lease=4d2\n\n\n"), Run("txn").Input("\nnonsense\n\n\n"), Run("txn").Input("\n"), Run("txn words"),
		Run("txn").Input("mod(\"t\") = \"x\"\n\n\n\n"), Run("get t"))
}

func compactions() (script []Step) {
	script = []Step{Run("compaction 10"), Run("compaction 20 --physical"), Run("compaction 20"), Run("compaction 9999"), Run("compaction"), Run("compaction x"), Run("get a --rev=5"),
		Run("get a --rev=5 --consistency=s"), Run("compaction -- -1"), Run("compaction 0")}
	for i, f := range Formats {
		script = append(script, As(f, Run("compaction 2"+string(rune('1'+i))))...)
	}
	return script
}
