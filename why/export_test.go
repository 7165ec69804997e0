package why

// What tests go through to the last one.
const (
	Causes = numberOfCauses
	Kinds  = numberOfKinds
)
