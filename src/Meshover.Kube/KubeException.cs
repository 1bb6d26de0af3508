namespace Meshover.Kube;

/// <summary>What a user can read and act upon.</summary>
internal sealed class KubeException(string message, Exception? inner = null) : Exception(message, inner);
