namespace Meshover.Lab;

/// <summary>The lab could not do what was asked; the message says what, why and, where there is one, the way out.</summary>
public sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);
