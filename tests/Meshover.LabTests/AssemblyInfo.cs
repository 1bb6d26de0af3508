// The tests share one kernel, one pair of cores and fixed namespace names: one at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
