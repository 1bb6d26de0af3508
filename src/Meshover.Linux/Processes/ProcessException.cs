namespace Meshover.Linux.Processes;

/// <summary>A process could not be started, signalled or watched.</summary>
public sealed class ProcessException(string operation, string reason) : Exception($"{operation}: {reason}")
{
    public string Operation { get; } = operation;
}
