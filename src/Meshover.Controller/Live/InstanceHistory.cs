using System.Collections.Immutable;

namespace Meshover.Controller.Live;

/// <summary>
/// Notices state that was copied to a second machine. An agent makes an instance id at each start, so a node's ids only ever go
/// forward; an id that comes back after another one (A, B, A) means that two agents run with one identity. Immutable.
/// </summary>
internal sealed class InstanceHistory
{
    public static readonly InstanceHistory None = new([]);

    private const int Remembered = 64;

    private readonly ImmutableArray<string> _instances; // oldest first; the last is the present one

    private InstanceHistory(ImmutableArray<string> instances) => _instances = instances;

    /// <param name="instance">Who is there now.</param>
    /// <param name="cameBack">Whether this id was present before, and another since.</param>
    public InstanceHistory Arrive(string instance, out bool cameBack)
    {
        cameBack = false;
        if (_instances is [.., var present] && present == instance)
            return this;
        var others = _instances.Remove(instance);
        cameBack = others.Length < _instances.Length;
        return new([.. others.Skip(others.Length + 1 - Remembered), instance]);
    }
}
