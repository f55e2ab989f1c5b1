package conform

// Leases is a script of leases that outlive it but for their revocation.
func Leases() (script []Step) {
	const granted = "lease ([0-9a-f]+) granted"
	for _, f := range Formats {
		lease := "lease" + f
		script = append(script, Run("lease grant 6000").Keep(lease, granted))
		script = append(script, As(f, Run("put l"+f+" 1 --lease=$"+lease), Run("get l"+f),
			Run("lease timetolive $"+lease).Mask(Left, Header), Run("lease timetolive $"+lease+" --keys").Mask(Left, Header), Run("lease keep-alive $"+lease+" --once").Mask(Left, Header),
			Run("put l"+f+" 2 --ignore-lease"), Run("lease timetolive $"+lease+" --keys").Mask(Left, Header))...)
	}
	script = append(script, Run("get l --prefix"), Run("txn").Input("lease(\"lsimple\") > \"0\"\n\nput ljson 3 --ignore-lease\n\n\n"))
	for _, f := range Formats {
		script = append(script, As(f, Run("lease list").Sorted().Mask(Header))...)
	}
	for _, f := range Formats {
		lease := "$lease" + f
		script = append(script, As(f, Run("lease revoke "+lease).Mask(Header), Run("lease revoke "+lease), Run("lease timetolive "+lease).Mask(Header), Run("lease keep-alive "+lease+" --once"), Run("get l"+f+" n --keys-only"))...)
	}
	script = append(script, AsAll(Run("lease list").Sorted().Mask(Header))...)
	return append(script, Run("lease grant"), Run("lease grant x"), Run("lease grant 9000000001"), Run("lease revoke"), Run("lease revoke zz"),
		Run("lease revoke 4d2"), Run("lease timetolive"), Run("lease timetolive 4d2 --keys"), Run("lease keep-alive"), Run("lease keep-alive 4d2 --once"), Run("lease keep-alive 4d2").While().Alone())
}

// Grants is a script of what -w does to grants, whose ids differ, and of the shortest leases.
func Grants() (script []Step) {
	id := mask("id", "the server picks it", `("ID":|"ID" : |lease )[0-9a-f]+`, "${1}<id>")
	script = AsAll(Run("lease grant 2").Mask(id, Header))
	return append(script, Run("lease grant 0").Mask(id), Run("lease grant -- -1").Mask(id), Run("lease grant 1").Mask(id))
}

// Sessions is a script of leases that are kept alive, locks and elections. Clients keep their leases by their own clock: a
// cluster whose time runs faster loses them.
func Sessions() []Step {
	gone := mask("interrupted", "a line of etcdctl's own log, if it was just asking", `^\{"level":"warn".*context canceled"\}\n`, "")
	const held = `lock/([0-9a-f]+)`
	return []Step{
		Run("lease grant 3").Keep("kept", "lease ([0-9a-f]+) granted"),
		Run("lease keep-alive $kept").Ready("keepalived").While(Run("lease revoke $kept")).Alone(),
		Run("lock lock").Keep("first", held).Ready("lock/").While(
			Run("lock lock --ttl=30").While(Run("get lock --prefix --count-only -w fields").Again(`"Count" : 2`)).Mask(gone), // it waits, and gives up
			Run("get lock --prefix --count-only -w fields").Again(`"Count" : 1`)),
		Run("get lock --prefix -w json"),
		Run("lock lock -- echo held"), Run("lock lock -- false"), Run("lock"),
		Run("elect chair me").Ready("me").While(Run("elect -l chair").Keep("second", `chair/([0-9a-f]+)`).Until("me"), Run("get chair --prefix")),
		Run("get chair --prefix -w json"),
		Run("elect"), Run("elect chair"), Run("elect -l chair me"),
	}
}
