package words

import "testing"

func TestMeasures(t *testing.T) {
	var english *Language
	german, err := Read("de", "{0}.{1}\n\t{0},{1}\n{0},{1}\n\t{0}.{1}\n{0} and {1}\n\t{0} und {1}\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want string }{
		{english.Duration(0), "0 s"}, {english.Duration(999), "999 µs"}, {english.Duration(2_000), "2 ms"}, {english.Duration(2_340), "2.3 ms"},
		{english.Duration(612_400), "612 ms"}, {english.Duration(3_449_000), "3.4 s"}, {english.Duration(3_450_000), "3.5 s"},
		{english.Duration(125_900_000), "2 min 5 s"}, {english.Duration(7_260_000_000), "2 h 1 min"}, {english.Duration(-612_400), "−612 ms"},
		{german.Duration(2_340), "2,3 ms"},
		{english.Decimal(-1_250_000, 1_000_000, 4), "−1.25"}, {english.Decimal(1_000_000, 1_000_000, 2), "1"}, {english.Decimal(50_000, 1_000_000, 2), "0.05"},
		{english.Decimal(999_999, 1_000_000, 1), "1"}, {english.Decimal(7, 1, 0), "7"},
		{english.Number(999), "999"}, {english.Number(1_204), "1,204"}, {english.Number(1_000_007), "1,000,007"}, {german.Number(1_204), "1.204"},
		{english.Bytes(312), "312 B"}, {english.Bytes(4_249), "4.2 kB"}, {english.Bytes(1_500_000), "1.5 MB"},
		{english.List(nil), ""}, {english.List([]string{"n1"}), "n1"}, {english.List([]string{"n1", "n2"}), "n1 and n2"},
		{english.List([]string{"n1", "n2", "n3", "n4"}), "n1, n2, n3 and n4"}, {german.List([]string{"n1", "n2"}), "n1 und n2"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, wanted %q", c.got, c.want)
		}
	}
}
