namespace Meshover.Agent.Trust;

/// <summary>How far a change of the WireGuard key is; each step is on disk before anything follows from it.</summary>
public enum KeyChangeStage
{
    /// <summary>There is a new key, which the data plane is to answer with before anybody hears of it.</summary>
    Prepared,

    /// <summary>The controller is told of both; the former is in use until the map has the new one.</summary>
    Declared,

    /// <summary>The new key is in use; the former is answered until everybody has the new one.</summary>
    InUse,
}
