// One mesh, one browser, one page at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: Meshover.LabTests.TestDeadline]
[assembly: AssemblyFixture(typeof(Meshover.WebTests.ConsoleFixture))]
