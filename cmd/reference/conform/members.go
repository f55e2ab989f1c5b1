package conform

// chance is that a new member's id, a hash of the time too, says where lists have it.
var chance = mask("order of members", "a new member's id is a hash of the time too, and lists are in the order of ids", `(ETCD_INITIAL_CLUSTER=)".*"`, `$1<members>`)

// Members is a script of members and their leader, n1, as a room has them: it says itself what a machine's peer URL is,
// and starts it.
func Members() (script []Step) {
	room := mask("machines of a room", "a room starts a machine that is added, under a name of its own", `(?:unstarted, |started, n4)(, http://n4:2380, )(?:http://127[0-9.:]+)?(, true)`, "<new>${1}${2}")
	const id = "Member +([0-9a-f]+) added"
	script = append(AsAll(Run("member list"), Run("member list --consistency=s")),
		Run("member add n4 --learner --peer-urls=http://n4:2380").Keep("n4", id).Mask(chance).Again("added"), Run("member list").Mask(room).Sorted(),
		Run("member promote $n2"), Run("member remove $n4"), Run("member remove $n4"), Run("member promote $n4"), Run("member list"))
	return append(script, memberMistakes()...)
}

// Machines is a script of members and their leader, n1, as processes have them. The member that is added has a machine
// at $url4 only when something starts it.
func Machines() (script []Step) {
	const id = "Member +([0-9a-f]+) added"
	script = append(AsAll(Run("member list"), Run("member list --consistency=s")),
		Run("member add n4 --learner --peer-urls=http://n4:2380").Keep("n4", id).Mask(chance).Again("added"), Run("member list").Sorted(),
		Run("member add n5 --learner --peer-urls=http://n5:2380"), Run("member add n5 --peer-urls=$peer1"),
		Run("member promote $n2"), Run("member promote $n4"), Run("member update $n4 --peer-urls=http://n6:2380,http://n7:2380"), Run("member update $n4 --peer-urls=$peer1"), Run("member list").Sorted(),
		Run("member remove $n4"), Run("member remove $n4"), Run("member promote $n4"), Run("member update $n4 --peer-urls=http://n6:2380"), Run("member list"))
	return append(script, memberMistakes()...)
}

func memberMistakes() (script []Step) {
	script = []Step{Run("member add"), Run("member add n4"), Run("member add n4 --peer-urls=nonsense"), Run("member add n4 --peer-urls=http://n4"), Run("member remove"), Run("member remove zz"), Run("member remove 4d2"),
		Run("member promote"), Run("member promote zz"), Run("member promote 4d2"), Run("member update $n3"), Run("member update 4d2 --peer-urls=http://n4:2380"), Run("member update $n3 --peer-urls=nonsense"),
		Run("move-leader"), Run("move-leader zz"), Run("move-leader $n2").At(2), Run("move-leader 4d2 --endpoints=$all"), Run("move-leader $n1 --endpoints=$all")}
	for i, f := range Formats {
		script = append(script, As(f, Run("member update $n3 --peer-urls=$peer3"), Run("move-leader $"+[]string{"n2", "n3", "n1", "n3", "n1"}[i]+" --endpoints=$all"))...)
		script = append(script, Run("put moved 1")) // the new leader is known to all
	}
	return script
}
