namespace Meshover.Controller.Stores;

/// <summary>The store could not do what was asked.</summary>
/// <param name="operation">What was tried, as in "open the store".</param>
/// <param name="target">The file or address.</param>
/// <param name="reason">Why not, and what to do.</param>
internal sealed class StoreException(string operation, string target, string reason, Exception? inner = null)
    : Exception($"Cannot {operation} {target}: {reason}", inner)
{
    public string Operation { get; } = operation;
    public string Target { get; } = target;
}
