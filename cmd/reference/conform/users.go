package conform

// Users is a script of users, roles and permissions, with authentication on and off again.
func Users() (script []Step) {
	for _, f := range Formats {
		u, r := "u"+f, "r"+f
		script = append(script, As(f, Run("user add "+u+":pw"), Run("user add "+u+":pw"), Run("user list"), Run("role add "+r), Run("role add "+r),
			Run("role grant-permission "+r+" readwrite k"), Run("role grant-permission "+r+" read a z"), Run("role grant-permission "+r+" write p --prefix"), Run("role grant-permission "+r+" read q --from-key"),
			Run("role get "+r), Run("user grant-role "+u+" "+r), Run("user get "+u), Run("role list"),
			Run("role revoke-permission "+r+" a z"), Run("role revoke-permission "+r+" p --prefix"), Run("role revoke-permission "+r+" q --from-key"), Run("role revoke-permission "+r+" none"), Run("role get "+r),
			Run("user passwd "+u+" --interactive=false").Input("new\n"), Run("user revoke-role "+u+" "+r), Run("user revoke-role "+u+" "+r), Run("user get "+u), Run("role delete "+r), Run("user delete "+u), Run("user delete "+u),
			Run("role get none"), Run("user get none"), Run("role delete none"), Run("auth status"))...)
	}
	for _, f := range Formats[:3] { // it prints words in between, which are none of protocol buffers
		script = append(script, As(f, Run("user add detail:pw"), Run("role add detail"), Run("role grant-permission detail read k"), Run("user grant-role detail detail"),
			Run("user get detail --detail"), Run("user delete detail"), Run("role delete detail"))...)
	}
	script = append(script, Run("user add"), Run("user add nobody --no-password"), Run("user add x --new-user-password=pw"), Run("user add y --interactive=false").Input("pw\n"), Run("role grant-permission none read k"),
		Run("role add r"), Run("role grant-permission r nonsense k"), Run("role grant-permission r"), Run("user grant-role x none"), Run("user grant-role none r"), Run("user passwd none --interactive=false").Input("pw\n"))
	return append(script, guarded()...)
}

// guarded is what is done while users have to say who they are.
func guarded() (script []Step) {
	script = []Step{Run("auth enable"), Run("auth disable"), Run("user add root:secret"), Run("role add root"), Run("user grant-role root root"), Run("role grant-permission r readwrite mine/ --prefix"),
		Run("user grant-role x r"), Run("auth enable"), Run("auth enable --user=root:secret")}
	for _, f := range Formats {
		script = append(script, As(f, Run("auth status"), Run("auth status --user=root:secret"))...)
	}
	for _, who := range []string{" --user=x --password=pw", " --user=root:wrong", " --user=nobody:pw", " --user=none:pw"} {
		script = append(script, Run("get mine/ --prefix"+who), Run("put mine/a 1"+who))
	}
	for _, who := range []string{"", " --user=x:pw", " --user=root:secret"} {
		for _, words := range []string{"put mine/a 1", "get mine/ --prefix", "get '' --prefix --count-only", "del other", "user list", "user get x", "user get root", "role get r", "role list", "lease list", "member list -w json", "endpoint health", "compaction 24",
			"alarm list", "defrag"} {
			script = append(script, Run(words+who).Mask(Took))
		}
		script = append(script, Run("txn"+who).Input("\nput mine/b 1\nget other\n\n\n"), Run("txn"+who).Input("\nput mine/b 1\nget mine/b\n\n\n"))
	}
	return append(script, Run("watch other --user=x:pw --rev=25").While().Alone(), Run("watch mine/a --user=x:pw --rev=25").Until("(?s)(PUT\nmine/a\n1\n){3}"), Run("user delete root --user=root:secret"), Run("role delete r --user=root:secret"),
		Run("get mine/a --user=x:pw"), Run("auth disable --user=x:pw"), Run("auth disable --user=root:secret"), Run("auth status"), Run("get mine/a"), Run("user list"), Run("role list"))
}
