using Meshover.Controller.Changes;
using Meshover.Controller.State;

namespace Meshover.UnitTests.Controller;

/// <summary>Changes of which the test does not care who makes them.</summary>
internal static class TestChanges
{
    public static readonly Cause Cause = new(new Actor("a test"), new Operation("test", "a test wants it"), Reason.None);

    public static Task<Committed<T>> ChangeAsync<T>(this MeshDirectory directory, Func<Draft, T> change, CancellationToken cancel) =>
        directory.ChangeAsync(Cause, change, cancel);

    public static Task ChangeAsync(this MeshDirectory directory, Action<Draft> change, CancellationToken cancel) => directory.ChangeAsync(Cause, change, cancel);
}
