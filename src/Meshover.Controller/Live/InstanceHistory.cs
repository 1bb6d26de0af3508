namespace Meshover.Controller.Live;

/// <summary>
/// Notices state that was copied to a second machine. An agent makes an instance id at each start, so a node's ids only ever go
/// forward; an id that comes back after another one (A, B, A) means that two agents run with one identity.
/// </summary>
internal sealed class InstanceHistory
{
    private const int Remembered = 64;

    private readonly List<string> _instances = []; // oldest first; the last is the present one

    /// <returns>Whether this id was present before, and another since.</returns>
    public bool Arrive(string instance)
    {
        if (_instances is [.., var present] && present == instance)
            return false;
        var cameBack = _instances.Remove(instance);
        _instances.Add(instance);
        if (_instances.Count > Remembered)
            _instances.RemoveAt(0);
        return cameBack;
    }
}
