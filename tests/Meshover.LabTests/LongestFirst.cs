using Meshover.LabTests.Kernel;
using Xunit.Sdk;
using Xunit.v3;

namespace Meshover.LabTests;

/// <summary>
/// Where collections run side by side (the kernel tier), those that take longest come first, or the end would wait for one alone. In the
/// longest the tests that count lost packets come last, when nothing else runs any more.
/// </summary>
internal sealed class LongestFirst : ITestCollectionOrderer, ITestClassOrderer
{
    private static readonly string[] Long = [KernelMeshCollection.Name];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Array.IndexOf(Long, collection.TestCollectionDisplayName) is >= 0 and var place ? place : Long.Length)];

    public IReadOnlyCollection<TTestClass?> OrderTestClasses<TTestClass>(IReadOnlyCollection<TTestClass?> testClasses)
        where TTestClass : ITestClass =>
        [.. testClasses.OrderBy(each => each?.TestClassSimpleName is nameof(KernelMeshTests) or nameof(LinkCostTests))];
}
