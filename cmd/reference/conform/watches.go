package conform

// Watches is a script of watches.
func Watches() (script []Step) {
	script = []Step{Run("put w 0 -w json").Learn("rev", `"revision":(\d+)`), Run("put w 1"), Run("put w2 x"), Run("del w"), Run("put w 4")}
	for _, f := range Formats[:3] { // there is no table of watches, and protocol buffers show no end of a message
		last := map[string]string{"simple": "PUT\nw\n4\n", "json": `"version":1,"value":"NA=="[^\n]*\n`, "fields": "\"Value\" : \"4\"\n\"Lease\" : 0\n"}[f]
		script = append(script, As(f, Run("watch w --rev=$rev").Until(last), Run("watch w --rev=$rev --prev-kv").Until(last),
			Run("watch w --prefix --rev=$rev").Until(last), Run("watch w w2 --rev=$rev").Until(last))...)
	}
	script = append(script, As("protobuf", Run("watch w --rev=$rev").Until(`\x01\x32\x01\x34|4`))...)
	script = append(script, As("table", Run("watch w --rev=$rev").While().Alone())...)
	return append(script,
		Run("watch").While().Alone(), Run("watch w --").While().Alone(), Run("watch w w2 --prefix").While().Alone(),
		Run("watch w --rev=$rev -- echo changed").Until("(changed\n){4}"),
		Run("watch w --rev=1").Ready("compacted").While().Alone(),
		Run("watch z --rev=$rev").While(Run("put z 1"), Run("put z 2"), Run("del z")).Until("DELETE\nz\n\n"),
		Run("watch -i").Input("watch none\nnonsense\nwatch\n").While().Alone())
}
