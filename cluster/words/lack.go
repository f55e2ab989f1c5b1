package words

// What a room that is opened again says of its recording where that lacks something, as the Text of its fact. They are here because pages
// say them in their reader's language; what is wrong with the file in detail stands in the server's log.
const (
	MissingNone    = Of("nothing of what was before is in the recording: none was kept")
	MissingAll     = Of("nothing of what was before is in the recording: its file could not be read")
	MissingEnd     = Of("the end of what was before is not in the recording: its file could not be read up to there")
	MissingLife    = Of("how the room went on after that is not in the recording: it ended too suddenly for it to be written, or its disk was full")
	MissingMoments = Of("its process had ended without a word, and the last moments before that are not in the recording")
)
