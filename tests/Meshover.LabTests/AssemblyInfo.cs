// The tests share one kernel, one pair of cores and fixed namespace names: one at a time.
// The kernel tier has a machine of its own: there ./dev lets two collections run at once.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: Xunit.TestCollectionOrderer(typeof(Meshover.LabTests.LongestFirst))]
[assembly: Xunit.TestClassOrderer(typeof(Meshover.LabTests.LongestFirst))]
[assembly: Meshover.LabTests.TestDeadline]
