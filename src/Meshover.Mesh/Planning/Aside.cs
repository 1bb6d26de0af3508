namespace Meshover.Mesh.Planning;

/// <summary>
/// What goes along with a part of a plan and is no part of what it asks for: any two are equal, so that a record with another one of these is
/// no reason to do anything.
/// </summary>
internal readonly record struct Aside<T>(T Value)
{
    public bool Equals(Aside<T> other) => true;

    public override int GetHashCode() => 0;
}
