using System.Collections.Immutable;

namespace Meshover.Mesh.Planning;

/// <summary>
/// A list that equals another with equal elements in the same order, as an <see cref="ImmutableArray{T}"/> does not. A record that keeps its
/// lists in fields of this type is equal by all that it says.
/// </summary>
public readonly record struct ListOf<T>
{
    private readonly ImmutableArray<T> _elements;

    public ListOf(ImmutableArray<T> elements) => _elements = elements;

    public ImmutableArray<T> Elements => _elements.IsDefault ? [] : _elements;

    public bool Equals(ListOf<T> other) => Elements == other.Elements || Elements.SequenceEqual(other.Elements);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var element in Elements)
            hash.Add(element);
        return hash.ToHashCode();
    }
}
